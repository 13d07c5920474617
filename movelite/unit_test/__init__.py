"""The runner of #[test] functions, coverage and traces."""
