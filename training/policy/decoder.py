"""Decoding with a cache; no padding is ever attended to.

Two decoders with the same three methods. `Fast` writes out a decoding step of Qwen3 with fused
weights and caches of its own: on a model of a few million parameters the general step of
transformers spends most of its time in Python and in reading the same prompt for each sample.
`General` takes any causal model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn import functional
from transformers import PreTrainedModel, Qwen3ForCausalLM

FIRST_ROOM = 128  # places of a cache at the start; it doubles when they are full


class Decoder(Protocol):
    """`begin` reads prompts (token ids), `repeat` rows for each, and returns the logits behind
    them, (rows, vocab); `step` appends one token to each row and returns the next logits; `keep`
    drops all rows but those whose indices are given, in rising order.
    """

    def begin(self, prompts: Sequence[Sequence[int]], repeat: int, room: int) -> Tensor: ...

    def step(self, tokens: Tensor) -> Tensor: ...

    def keep(self, rows: Tensor) -> None: ...


def decoder_of(model: PreTrainedModel) -> Decoder:
    """The fastest decoder that computes what `model` computes."""
    return Fast(model) if _plain(model) else General(model)


def _plain(model: PreTrainedModel) -> bool:
    config = model.config
    return (
        type(model) is Qwen3ForCausalLM
        and config.hidden_act == "silu"
        and not config.attention_bias
        and config.rope_parameters.get("rope_type") == "default"
        and set(config.layer_types) == {"full_attention"}
    )


class _Layer:
    """Weights of one layer, those that read the same input side by side."""

    @torch.no_grad()
    def __init__(self, layer: Any) -> None:
        attention, mlp = layer.self_attn, layer.mlp
        parts = (attention.q_proj, attention.k_proj, attention.v_proj)
        self.qkv = torch.cat([p.weight for p in parts])
        # One table for heads of queries and of keys, which are normalised and turned together.
        heads = (attention.config.num_attention_heads, attention.config.num_key_value_heads)
        norms = (attention.q_norm.weight, attention.k_norm.weight)
        self.turned = torch.cat([w.expand(n, -1) for n, w in zip(heads, norms, strict=True)])
        self.out = attention.o_proj.weight
        self.gate_up = torch.cat([mlp.gate_proj.weight, mlp.up_proj.weight])
        self.down = mlp.down_proj.weight
        self.norm_in = layer.input_layernorm.weight
        self.norm_mid = layer.post_attention_layernorm.weight


class Fast:
    """A decoding step of Qwen3 without its module tree.

    What samples of one prompt share, the keys and values of that prompt, is kept and read once.
    """

    def __init__(self, model: PreTrainedModel) -> None:
        config = model.config
        self.model = model
        self.layers = [_Layer(layer) for layer in model.model.layers]
        self.heads, self.kv = config.num_attention_heads, config.num_key_value_heads
        self.dim = model.model.layers[0].self_attn.head_dim
        self.eps = config.rms_norm_eps
        self.head = model.lm_head.weight
        self.norm = model.model.norm.weight
        self.embed = model.model.embed_tokens.weight

    @torch.inference_mode()
    def begin(self, prompts: Sequence[Sequence[int]], repeat: int, room: int) -> Tensor:
        device, count = self.embed.device, len(prompts)
        lengths = torch.tensor([len(p) for p in prompts], device=device)
        longest = int(lengths.max())
        ids = torch.zeros(count, longest, dtype=torch.long)
        for row, prompt in enumerate(prompts):
            ids[row, : len(prompt)] = torch.tensor(prompt)
        # Padding stands on the right, where causal attention of real tokens never looks.
        result = self.model.model(input_ids=ids.to(device), use_cache=True)
        last = result.last_hidden_state[torch.arange(count, device=device), lengths - 1]
        self._share(result.past_key_values, lengths)
        self.lengths = lengths.repeat_interleave(repeat)
        self.written = 0  # tokens behind the prompts, the same number in every row
        rows, places = count * repeat, min(room, FIRST_ROOM)
        self.keys = [self.embed.new_zeros(rows, self.kv, self.dim, places) for _ in self.layers]
        self.values = [self.embed.new_zeros(rows, self.kv, places, self.dim) for _ in self.layers]
        position = torch.arange(longest + room, device=device)[None]
        cos, sin = self.model.model.rotary_emb(self.embed, position)
        self.cos, self.sin = cos[0], sin[0]
        self._group(torch.arange(count, device=device).repeat_interleave(repeat))
        return functional.linear(last, self.head).repeat_interleave(repeat, 0)

    def _share(self, found: Any, lengths: Tensor) -> None:
        """Keys (prompts, heads, width, positions) and values (prompts, heads, positions, width) of
        the prompts, in the order in which a product with queries reads them; padding is masked.
        """
        self.shared_keys = [layer.keys.transpose(2, 3).contiguous() for layer in found.layers]
        self.shared_values = [layer.values.contiguous() for layer in found.layers]
        places = torch.arange(self.shared_keys[0].shape[-1], device=lengths.device)
        mask = torch.zeros(len(lengths), len(places), dtype=self.embed.dtype, device=lengths.device)
        self.mask = mask.masked_fill(places >= lengths[:, None], -torch.inf)

    def _group(self, prompt: Tensor) -> None:
        """Say which prompt each row belongs to, in rising order. `grid` (prompts, most rows of
        one) names the rows of a prompt, `slot` a row's place among them.
        """
        counts = prompt.bincount(minlength=len(self.mask))
        start = (counts.cumsum(0) - counts)[prompt]
        index = torch.arange(len(prompt), device=prompt.device)
        self.prompt, self.slot = prompt, index - start
        self.grid = index.new_zeros(len(counts), int(counts.max()))
        self.grid[prompt, self.slot] = index

    @torch.inference_mode()
    def step(self, tokens: Tensor) -> Tensor:
        rows, place = len(tokens), self.written
        if place == self.keys[0].shape[-1]:
            self.keys = [functional.pad(keys, (0, place)) for keys in self.keys]
            self.values = [functional.pad(values, (0, 0, 0, place)) for values in self.values]
        at = self.lengths + place
        cos, sin = self.cos[at][:, None], self.sin[at][:, None]
        x = self.embed[tokens]
        for number, layer in enumerate(self.layers):
            said = functional.linear(self._norm(x, layer.norm_in), layer.qkv)
            said = said.view(rows, -1, self.dim)
            turned, value = said[:, : self.heads + self.kv], said[:, self.heads + self.kv :]
            turned = functional.rms_norm(turned, (self.dim,), None, self.eps) * layer.turned
            low, high = turned.chunk(2, -1)
            turned = turned * cos + torch.cat((-high, low), -1) * sin
            self.keys[number][..., place] = turned[:, self.heads :]
            self.values[number][:, :, place] = value
            seen = self._attend(turned[:, : self.heads] * self.dim**-0.5, number)
            x = x + functional.linear(seen, layer.out)
            gate, up = functional.linear(self._norm(x, layer.norm_mid), layer.gate_up).chunk(2, -1)
            x = x + functional.linear(functional.silu(gate) * up, layer.down)
        self.written += 1
        return functional.linear(self._norm(x, self.norm), self.head)

    def _attend(self, query: Tensor, number: int) -> Tensor:
        """(rows, heads * width): attention to the prompt and to what a row has written itself."""
        rows, end = len(query), self.written + 1
        query = query.reshape(rows, self.kv, -1, self.dim)
        asked = self._gathered(query)
        keys = self.shared_keys[number].flatten(0, 1)
        mask = self.mask.repeat_interleave(self.kv, 0)[:, None]
        far = self._returned(torch.baddbmm(mask, asked, keys))
        keys = self.keys[number].flatten(0, 1)[..., :end]
        near = torch.bmm(query.flatten(0, 1), keys).view(rows, self.kv, -1, end)
        share = torch.softmax(torch.cat((far, near), -1), -1)
        shared = self.mask.shape[-1]
        values = self.shared_values[number].flatten(0, 1)
        seen = self._returned(torch.bmm(self._gathered(share[..., :shared]), values))
        values = self.values[number].flatten(0, 1)[:, :end]
        own = torch.bmm(share[..., shared:].flatten(0, 1), values)
        return (seen + own.view(seen.shape)).reshape(rows, -1)

    def _gathered(self, x: Tensor) -> Tensor:
        """(rows, kv, queries, n) to (prompts * kv, rows of a prompt * queries, n)."""
        if self.grid.shape[1] == 1:
            return x.flatten(0, 1)
        return x[self.grid].transpose(1, 2).flatten(2, 3).flatten(0, 1)

    def _returned(self, x: Tensor) -> Tensor:
        """The way back of `_gathered`."""
        prompts, most = self.grid.shape
        x = x.view(prompts, self.kv, most, -1, x.shape[-1])
        return x[:, :, 0] if most == 1 else x[self.prompt, :, self.slot]

    def _norm(self, x: Tensor, weight: Tensor) -> Tensor:
        return functional.rms_norm(x, (x.shape[-1],), weight, self.eps)

    @torch.inference_mode()
    def keep(self, rows: Tensor) -> None:
        self.keys = [cache[rows] for cache in self.keys]
        self.values = [cache[rows] for cache in self.values]
        self.lengths = self.lengths[rows]
        used, prompt = self.prompt[rows].unique(return_inverse=True)
        if len(used) < len(self.mask):
            self.shared_keys = [cache[used] for cache in self.shared_keys]
            self.shared_values = [cache[used] for cache in self.shared_values]
            self.mask = self.mask[used]
        self._group(prompt)


class General:
    """Any causal model of transformers: prompts padded on the left, its own cache."""

    def __init__(self, model: PreTrainedModel) -> None:
        self.model = model

    @torch.inference_mode()
    def begin(self, prompts: Sequence[Sequence[int]], repeat: int, room: int) -> Tensor:
        device = next(self.model.parameters()).device
        longest = max(len(p) for p in prompts)
        ids = torch.zeros(len(prompts), longest, dtype=torch.long)
        self.seen = torch.zeros_like(ids)
        for row, prompt in enumerate(prompts):
            ids[row, longest - len(prompt) :] = torch.tensor(prompt)
            self.seen[row, longest - len(prompt) :] = 1
        self.seen = self.seen.to(device)
        position = (self.seen.cumsum(-1) - 1).clamp(min=0)
        result = self.model(
            input_ids=ids.to(device),
            attention_mask=self.seen,
            position_ids=position,
            use_cache=True,
            logits_to_keep=1,
        )
        self.cache = result.past_key_values
        self.at = position[:, -1] + 1
        if repeat > 1:
            self.cache.batch_repeat_interleave(repeat)
            self.seen = self.seen.repeat_interleave(repeat, 0)
            self.at = self.at.repeat_interleave(repeat)
        return result.logits[:, -1].repeat_interleave(repeat, 0)

    @torch.inference_mode()
    def step(self, tokens: Tensor) -> Tensor:
        self.seen = torch.cat((self.seen, self.seen.new_ones(len(tokens), 1)), 1)
        result = self.model(
            input_ids=tokens[:, None],
            attention_mask=self.seen,
            position_ids=self.at[:, None],
            past_key_values=self.cache,
            use_cache=True,
        )
        self.at = self.at + 1
        return result.logits[:, -1]

    def keep(self, rows: Tensor) -> None:
        self.cache.batch_select_indices(rows)
        self.seen, self.at = self.seen[rows], self.at[rows]
