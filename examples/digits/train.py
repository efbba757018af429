"""Train the digits network with quantisation in the loop and export it as QONNX.

    python examples/digits/train.py            # half a minute to two minutes on two cores

Writes digits.onnx and digits_test.npz beside this file and prints the accuracy of the exported
graph on the test split, executed by qonnx, not by this script's own model. The result depends on
the version of torch; the seed only makes it repeatable on one machine.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import onnx
import torch
from data import NETWORK, split, store_held_out
from export import to_onnx
from model import Digits
from reference import scores

SEED = 7
BATCH = 64


def shifted(images: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
    """Every image moved by -1..1 pixels in each direction; what enters is empty."""
    padded = torch.nn.functional.pad(images, (1, 1, 1, 1))
    moves = torch.randint(0, 3, (len(images), 2), generator=rng).tolist()
    return torch.stack(
        [p[:, y : y + 8, x : x + 8] for p, (y, x) in zip(padded, moves, strict=True)]
    )


def train(net: Digits, images: torch.Tensor, labels: torch.Tensor, epochs: int) -> None:
    rng = torch.Generator().manual_seed(SEED)
    steps = epochs * (len(images) // BATCH)
    optimiser = torch.optim.AdamW(net.parameters(), lr=4e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=steps)
    net.train()
    for epoch in range(epochs):
        order, total = torch.randperm(len(images), generator=rng), 0.0
        for start in range(0, len(order) - BATCH + 1, BATCH):
            pick = order[start : start + BATCH]
            scores = net(shifted(images[pick], rng))
            loss = torch.nn.functional.cross_entropy(scores, labels[pick], label_smoothing=0.05)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item()
        if epoch % 10 == 9:
            print(
                f"epoch {epoch + 1}/{epochs}: loss {total / (len(order) // BATCH):.4f}", flush=True
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("-o", type=Path, default=NETWORK)
    args = parser.parse_args()
    torch.manual_seed(SEED)
    torch.use_deterministic_algorithms(True)
    begin = time.monotonic()
    train_x, train_y, test_x, test_y = split()
    store_held_out(test_x, test_y)
    net = Digits()
    train(net, torch.from_numpy(train_x), torch.from_numpy(train_y), args.epochs)
    net.eval()
    with torch.no_grad():
        own = float((net(torch.from_numpy(test_x)).argmax(1).numpy() == test_y).mean())
    onnx.save(to_onnx(net), args.o)
    print(f"trained in {time.monotonic() - begin:.0f} s, accuracy in torch {own:.2%}")
    print(f"{args.o}: {args.o.stat().st_size / 1e3:.0f} kB")
    exported = float((scores(args.o, test_x).argmax(1) == test_y).mean())
    print(f"accuracy of the exported graph in qonnx: {exported:.2%}")


if __name__ == "__main__":
    main()
