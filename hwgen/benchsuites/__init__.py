"""Public benchmarks as clients of the judge: VerilogEval and RTLLM, each under two rules.

The upstream rule runs a suite's own bench untouched, beside the candidate: whoever writes the
candidate can forge it, and it is reported for comparison only. The corrected rule never lets the
candidate meet the bench: inputs are recorded, the candidate is driven by them alone, and what it
answers is judged where it cannot reach.
"""
