"""Shows that the checkers see: each mutation breaks one rule of the production code, and has to be caught."""

from tests.simulation.mutations import accounts, aggregators, certificates, execution, progress, votes
from tests.simulation.mutations.registry import ALL

__all__ = ["MUTATIONS", "accounts", "aggregators", "certificates", "execution", "progress", "votes"]

MUTATIONS = tuple(ALL)
