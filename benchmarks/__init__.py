"""How long reading and synchronising many people takes."""
