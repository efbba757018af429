"""Text that a policy reads and writes: prompts, the normal form of answers, code in an answer.

Everything here is a pure function of its arguments: training, sampling and evaluation must show a
policy the same characters for the same task, or it is asked for something it never saw.
"""

from __future__ import annotations

import re

from hwgen.tasks.task import Port, Task, TaskSpec

ANSWER = "answer:\n"
"""The last line of every prompt; what follows is the policy's."""

_COMMENT = re.compile(r"(?://[^\n]*|/\*.*?\*/|\(\*(?!\s*\)).*?\*\)) *", re.DOTALL)
_DIRECTIVE = re.compile(r"`(resetall|timescale|default_nettype|celldefine|endcelldefine)\b")
_LEADING_ZEROS = re.compile(r"('s?h)0+(?=[0-9a-fA-F])", re.IGNORECASE)
_SOLUTION = re.compile(r"<(solution|answer)>(.*?)(?:</\1>|\Z)", re.DOTALL | re.IGNORECASE)
_FENCE = re.compile(r"```[^\n`]*\n(.*?)(?:```|\Z)", re.DOTALL)
_MODULE = re.compile(r"^[ \t]*module\b.*?^[ \t]*endmodule\b", re.DOTALL | re.MULTILINE)


def prompt_of(task: Task) -> str:
    """What a policy sees of a task: its intent, ports (direction, width, range, name), clock and
    reset, one fact a line. Ends with `ANSWER`.

    A port's range stands beside its width, as Verilog writes it: a small model copies better than
    it subtracts.
    """
    spec = task.spec
    lines = [f"module {spec.module} {spec.kind}", " ".join(spec.prompt.split())]
    lines += [f"parameter {name} {value}" for name, value in spec.parameters.items()]
    lines += [_port_line(spec, port) for port in spec.ports]
    for stream in spec.streams:
        ready = f" ready {stream.ready}" if stream.ready else ""
        payload = " ".join(stream.payload)
        lines.append(f"stream {stream.name} valid {stream.valid}{ready} data {payload}")
    return "\n".join(lines) + "\n" + ANSWER


def _port_line(spec: TaskSpec, port: Port) -> str:
    said = f"{port.dir} {port.width}"
    if port.signed:
        said += " signed"
    if port.width > 1:
        said += f" [{port.width - 1}:0]"
    said += f" {port.name}"
    if port.name == spec.clock:
        said += " clock"
    if spec.reset and port.name == spec.reset.port:
        said += f" reset {spec.reset.style} {spec.reset.active}"
    return said


def completion_of(rtl: str) -> str:
    """Normal form of Verilog, which a policy learns to write: no comments, attributes, blank
    lines or directives that only set the scene, single spaces, no leading zeros in hexadecimal
    constants, one newline at the end. Idempotent; the meaning stays.
    """
    text = _COMMENT.sub(" ", rtl.replace("\r\n", "\n").expandtabs(4))
    text = _LEADING_ZEROS.sub(r"\1", text)
    lines = []
    for line in text.split("\n"):
        words = " ".join(line.split())
        if words and not _DIRECTIVE.match(words):
            indent = len(line) - len(line.lstrip())
            lines.append(" " * (indent // 2 * 2) + words)
    return "\n".join(lines) + "\n"


def repair_prompt_of(task: Task, rtl: str, feedback: str) -> str:
    """What a policy sees when `rtl` was wrong: the task, that text in its normal form, and what
    the judge may say of it (`hwgen.verify.verdict.feedback`). May be as long as prompt and
    completion together: callers leave out what the policy's context does not hold.
    """
    asked = prompt_of(task).removesuffix(ANSWER)
    said = " ".join(feedback.split())
    return f"{asked}wrong answer:\n{completion_of(rtl)}fault: {said}\n{ANSWER}"


def code_in(answer: str) -> str:
    """Verilog in the answer of any model: its last fence that holds a module (of the last solution
    block, where there is one), else from the first `module` to the last `endmodule`, else all.
    """
    blocks = [match.group(2) for match in _SOLUTION.finditer(answer)]
    text = blocks[-1] if blocks else answer
    fences = [match.group(1) for match in _FENCE.finditer(text)]
    whole = [fence for fence in fences if _MODULE.search(fence)]
    if whole:
        text = whole[-1]  # macros before the module belong to it
    elif modules := list(_MODULE.finditer(text)):
        text = text[modules[0].start() : modules[-1].end()]
    elif fences:
        text = fences[-1]
    return text.strip("\n") + "\n" if text.strip() else ""
