"""Reinforcement learning: REINFORCE++ with sample-balanced weights on TRL's GRPOTrainer."""

from hwgen.training.rl.config import RlConfig
from hwgen.training.rl.run import rl, train
from hwgen.training.rl.scoring import Answer, Score

__all__ = ["Answer", "RlConfig", "Score", "rl", "train"]
