"""Evaluation: pass@k of a policy on tasks and public benchmarks, and comparisons of results.

Nothing here needs torch until a policy of ours is asked. `hwgen.training.evaluate.draw` chooses
tasks, `hwgen.training.evaluate.suites` is for public benchmarks.
"""

from hwgen.training.evaluate.compare import compare, compare_seeds, paired
from hwgen.training.evaluate.figures import Report
from hwgen.training.evaluate.row import Row
from hwgen.training.evaluate.tasks import evaluate_tasks, write_result
from hwgen.training.evaluate.writer import Asking, Writer

__all__ = [
    "Asking",
    "Report",
    "Row",
    "Writer",
    "compare",
    "compare_seeds",
    "evaluate_tasks",
    "paired",
    "write_result",
]
