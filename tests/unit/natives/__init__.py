"""Natives, called as the VM calls them."""
