"""movelite client ptb: words to a programmable transaction, with all that is wrong in them."""
