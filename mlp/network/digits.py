"""The classic example: digits, 784-128-64-10, mini-batches. `python -m traindx.mlp.network.digits`

The images are made in place and look like digits; nothing is downloaded.
"""

from traindx.mlp.history import History
from traindx.mlp.network.network import MLP
from traindx.mlp.network.practice import trained
from traindx.mlp.network.spec import TrainingSpec


def digits_pipeline(
    samples: int = 2500, epochs: int = 8, noise: float = 0.15, seed: int = 0
) -> tuple[MLP, History]:
    """Train 784-128-64-10, relu and softmax, on images (samples, 784); a fifth is held out."""
    spec = TrainingSpec.model_validate(
        {
            "data": {
                "name": "digits",
                "size": 28,
                "samples": samples,
                "noise": noise,
                "validation": 0.2,
            },
            "network": {"hidden": [128, 64]},
            "optimizer": {"name": "momentum", "learning_rate": 0.02},
            "batch_size": 64,
            "epochs": epochs,
        }
    )
    return trained(spec, seed)


def table(history: History) -> str:
    """Losses and accuracies by epoch."""
    columns = [("loss", "train"), ("loss", "val"), ("accuracy", "train"), ("accuracy", "val")]
    head = "epoch  " + "  ".join(f"{split + ' ' + name:>14}" for name, split in columns)
    rows = zip(*(history.series[name].values for name in columns), strict=True)
    lines = (f"{i:5d}  " + "  ".join(f"{v:14.4f}" for v in row) for i, row in enumerate(rows, 1))
    return "\n".join([head, *lines])


if __name__ == "__main__":
    print(table(digits_pipeline()[1]))
