"""The client side: quorum driver, wallet, client service, faucet, CLI."""
