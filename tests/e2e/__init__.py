"""Real processes and the README's own commands."""
