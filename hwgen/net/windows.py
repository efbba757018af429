"""Attributes of sliding windows (Conv and pooling), and the pooling operators themselves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from hwgen.net.build import Builder
from hwgen.net.fakequant import Args, constant
from hwgen.net.layer import Pad, Pair, Pool
from hwgen.net.read import Node
from hwgen.net.shapes import out_map
from hwgen.net.values import Codes, Mean, RefusalError, Shape, Source, Sum, Value


@dataclass(frozen=True)
class Window:
    """Kernel, stride, dilation, pad and output size of a window over an h x w map."""

    kernel: Pair
    stride: Pair
    dilation: Pair
    pad: Pad
    out: Pair


def window(node: Node, size: Pair, rank: int, kernel: Pair | None = None) -> Window:
    """The window of a node over a map of `size`; a rank-3 tensor has one row.

    kernel: known from the weights of a Conv. Raises RefusalError naming every bad attribute.
    """
    problems: list[tuple[str, str]] = []
    spatial = rank - 2

    def pair(name: str, default: int) -> Pair:
        values = node.attrs.get(name) or [default] * spatial
        if len(values) != spatial or min(values) < 1:
            problems.append((f"{name} = {values}", f"give {spatial} positive numbers"))
            return default, default
        return (1, values[0]) if spatial == 1 else (values[0], values[1])

    given = pair("kernel_shape", 1)
    if kernel is not None and "kernel_shape" in node.attrs and given != kernel:
        problems.append((f"kernel_shape = {list(given)}", f"the weights have {list(kernel)}"))
    kernel = kernel or given
    stride, dilation = pair("strides", 1), pair("dilations", 1)
    auto = node.attrs.get("auto_pad", "NOTSET")
    pads = node.attrs.get("pads") or [0] * (2 * spatial)
    if auto not in ("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"):
        problems.append((f"auto_pad = {auto!r}", "use NOTSET with explicit pads"))
    if len(pads) != 2 * spatial or min(pads) < 0:
        problems.append((f"pads = {pads}", f"give {2 * spatial} numbers >= 0"))
        pads = [0] * (2 * spatial)
    if problems:
        raise RefusalError(*problems)
    ends = [0, pads[0], 0, pads[1]] if spatial == 1 else pads
    if auto == "VALID":
        ends = [0, 0, 0, 0]
    elif auto != "NOTSET":
        ends = _same(size, kernel, stride, dilation, lower=auto == "SAME_LOWER")
    ceil = bool(node.attrs.get("ceil_mode", 0)) and auto == "NOTSET"
    out = [
        _out(size[a], kernel[a], stride[a], dilation[a], ends[a], ends[a + 2], ceil) for a in (0, 1)
    ]
    if min(out) < 1:
        raise RefusalError(
            (f"its window of {list(kernel)} does not fit the {list(size)} map", "pad the map")
        )
    top, left, bottom, right = (int(p) for p in ends)
    return Window(kernel, stride, dilation, (top, left, bottom, right), (out[0], out[1]))


def _same(size: Pair, kernel: Pair, stride: Pair, dilation: Pair, lower: bool) -> list[int]:
    """Pads (top, left, bottom, right) so that the output has ceil(size / stride) elements."""
    before, after = [], []
    for axis in (0, 1):
        out = -(-size[axis] // stride[axis])
        reach = dilation[axis] * (kernel[axis] - 1) + 1
        total = max((out - 1) * stride[axis] + reach - size[axis], 0)
        small = total // 2
        before.append(total - small if lower else small)
        after.append(small if lower else total - small)
    return before + after


def _out(size: int, kernel: int, stride: int, dilation: int, a: int, b: int, ceil: bool) -> int:
    room = size + a + b - dilation * (kernel - 1) - 1
    if not ceil:
        return room // stride + 1
    out = -(-room // stride) + 1
    # the last window must start inside the map or its leading pad
    return out - 1 if (out - 1) * stride >= size + a else out


def max_pool(builder: Builder, node: Node, args: Args) -> Value:
    """MaxPool and GlobalMaxPool, of codes or of a sum that waits for its quantiser."""
    value = args[0]
    if not isinstance(value, Codes | Sum):
        raise _refuse_input(value)
    problems = []
    if len(node.outputs) > 1 and node.outputs[1]:
        problems.append(("its Indices output is used", "use the values only"))
    pool, shape = _pool(node, value, "max", problems)
    if isinstance(value, Codes):
        return builder.max_pool(value, pool, shape, node)
    if value.pool is not None:
        raise RefusalError(("pools twice without a quantiser", "put a quantiser in between"))
    # a maximum commutes with the rounding and clipping that follow
    return replace(value, pool=pool, shape=shape, nodes=(*value.nodes, node.name))


def average_pool(builder: Builder, node: Node, args: Args) -> Value:
    """AveragePool, GlobalAveragePool, and ReduceMean over rows and columns."""
    del builder
    value = args[0]
    if not isinstance(value, Codes):
        raise _refuse_input(value)
    if node.op == "ReduceMean":
        return _reduce_mean(node, args, value)
    pool, shape = _pool(node, value, "avg", [])
    return Mean(node, (node.name,), value, pool, shape)


def _reduce_mean(node: Node, args: Args, value: Codes) -> Mean:
    found = constant(args, 1, "axes")
    axes = node.attrs.get("axes") if found is None else found.tolist()
    rank = len(value.shape)
    if rank < 3 or axes is None or sorted(int(a) % rank for a in axes) != list(range(2, rank)):
        raise RefusalError((f"axes = {axes}", "average over all rows and columns: axes = [2, 3]"))
    pool, shape = _pool(node, value, "avg", [])
    return Mean(
        node, (node.name,), value, pool, shape if node.attrs.get("keepdims", 1) else shape[:2]
    )


def _pool(
    node: Node,
    value: Codes | Sum,
    mode: Literal["max", "avg"],
    problems: list[tuple[str, str]],
) -> tuple[Pool, Shape]:
    """The pooling of a node and the ONNX shape of its result; requant is filled in later."""
    h, w, c = out_map(value)
    rank = len(value.shape)
    if rank < 3:
        raise RefusalError(
            (f"pools a tensor of shape {list(value.shape)}", "pool before flattening")
        )
    if node.op in ("MaxPool", "AveragePool"):
        win = window(node, (h, w), rank)
    else:
        win = Window((h, w), (1, 1), (1, 1), (0, 0, 0, 0), (1, 1))
    if win.dilation != (1, 1):
        problems.append((f"dilations = {list(win.dilation)}", "pool without dilation"))
    count_pad = bool(node.attrs.get("count_include_pad", 0)) and any(win.pad)
    pool = Pool(
        mode, win.kernel, win.stride, win.pad, count_pad, {}, 0, 0, 0, 0, win.out[0], win.out[1]
    )
    for axis, (size, spans) in enumerate(zip((h, w), pool.spans(h, w), strict=True)):
        before, after = win.pad[axis], win.pad[axis + 2]
        if any(first >= end for first, end in spans):
            problems.append((f"pads = {list(win.pad)} leave a window outside the map", "pad less"))
        end = (len(spans) - 1) * win.stride[axis] - before + win.kernel[axis]
        if count_pad and end > size + after:
            problems.append(
                ("ceil_mode = 1 with count_include_pad = 1 cuts a window", "use one of them")
            )
    if problems:
        raise RefusalError(*problems)
    spatial = {3: (win.out[1],), 4: win.out}[rank]
    return pool, (1, c, *spatial)


def _refuse_input(value: Value | None) -> RefusalError:
    if isinstance(value, Sum | Mean):
        what = f"reads the unquantised result of {value.nodes[-1]!r}"
        return RefusalError((what, "put a quantiser in between"))
    what = "reads the network's input" if isinstance(value, Source) else "reads a constant"
    return RefusalError((what, "quantise its input first"))
