"""What has to be recorded, in words that ask for one thing at a time."""

SETTINGS = "the settings of the run (layers with activations, loss, task, optimizer, batch size)"
DATA = "the statistics of the data (mean, spread and range of inputs and targets, class shares)"
LAYERS = (
    "statistics of each layer (norms of weights, gradients and updates; its outputs on a batch)"
)
LOSS_OF_SPLIT = {"train": "the training loss", "val": "the validation loss"}
CLASSES = "the number of classes"
CLASS_SHARES = "the share of each class"
