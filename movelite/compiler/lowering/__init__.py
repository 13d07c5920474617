"""From the typed tree to basic blocks of commands over expressions without control flow."""
