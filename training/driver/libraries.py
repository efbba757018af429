"""The learning libraries, set up for a run: threads, and no progress bars of their own."""

from __future__ import annotations

import os


def prepare(threads: int) -> int:
    """Give torch `threads` threads (0: the cores that this process may use); returns how many."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import datasets
    import torch
    from transformers.utils import logging

    datasets.disable_progress_bars()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    count = threads or len(os.sched_getaffinity(0))
    torch.set_num_threads(count)
    return count
