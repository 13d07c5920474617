"""From control-flow graphs to compiled modules and source maps."""
