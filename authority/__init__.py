"""The validator: checks, locks, signs, executes and stores."""
