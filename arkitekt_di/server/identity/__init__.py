"""Who may use the hub: users, login pages, and the tokens of apps."""
