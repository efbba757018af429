"""The digits data set and its one fixed split.

scikit-learn ships 1797 handwritten digits of 8x8 pixels with values 0..16 (Alpaydin and Kaynak,
"Optical Recognition of Handwritten Digits", UCI repository, 1998). A fifth of them, drawn per
class with a fixed seed, is the test split; no training step ever sees it. The test split lies in
digits_test.npz, so that nothing but training needs scikit-learn.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).parent
NETWORK = HERE / "digits.onnx"
TEST_SET = HERE / "digits_test.npz"
SPLIT_SEED = 2022
TEST_SHARE = 0.2

Images = NDArray[np.float32]
Labels = NDArray[np.int64]


def split() -> tuple[Images, Labels, Images, Labels]:
    """Training images and labels, then test images and labels, drawn with scikit-learn.

    Images are float32 [N, 1, 8, 8] with values 0..16, labels int64 [N] with values 0..9;
    1437 and 360 of them.
    """
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    raw = load_digits()
    images = raw.images.astype(np.float32)[:, None, :, :]
    labels = raw.target.astype(np.int64)
    train_x, test_x, train_y, test_y = train_test_split(
        images, labels, test_size=TEST_SHARE, random_state=SPLIT_SEED, stratify=labels
    )
    return train_x, train_y, test_x, test_y


def held_out() -> tuple[Images, Labels]:
    """The test split from its file: what `split` gives."""
    with np.load(TEST_SET) as stored:
        return stored["images"].astype(np.float32), stored["labels"].astype(np.int64)


def store_held_out(images: Images, labels: Labels) -> None:
    """Write the test split, one byte per pixel."""
    np.savez_compressed(TEST_SET, images=images.astype(np.uint8), labels=labels.astype(np.uint8))
