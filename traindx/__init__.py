"""traindx"""
