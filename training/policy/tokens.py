"""The tokenizer of our own policies: byte-level BPE in which every digit is a token of its own.

Widths and constants are what a small model must copy exactly, so they are spelled: decimal digits
one by one, and the digits of a hexadecimal constant too, apart from its base.
"""

from __future__ import annotations

from collections.abc import Iterable

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from hwgen.errors import Problem, UsageError

END, PAD = "<|end|>", "<|pad|>"
LEAST = 256 + 2  # every byte, and the two special tokens

# In this order: base of a constant, a digit, a hexadecimal letter behind one, a word, marks, a
# line's indent, spaces. A word or mark takes the one space before it.
_PIECES = (
    r"'s?[bdh]|[0-9]|(?<='h|'sh|[0-9A-F])[A-F]|[ ]?[A-Za-z_]+|"
    r"[ ]?[^\sA-Za-z0-9_']+|\n[ ]*|[ ]+|\s|'"
)


def new_tokenizer(texts: Iterable[str], vocab: int, context: int) -> PreTrainedTokenizerFast:
    """A tokenizer of at most `vocab` tokens trained on `texts`, with EOS and pad; any text can be
    written with it. `context` is its model_max_length in tokens. Raises UsageError.
    """
    if vocab < LEAST:
        raise UsageError(
            Problem(f"vocab = {vocab} is too small", f"bytes and EOS and pad need {LEAST} tokens")
        )
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_PIECES), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    inner.decoder = decoders.ByteLevel()
    inner.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=vocab,
            special_tokens=[END, PAD],
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        ),
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=inner,
        eos_token=END,
        pad_token=PAD,
        padding_side="left",
        model_max_length=context,
        clean_up_tokenization_spaces=False,
    )
