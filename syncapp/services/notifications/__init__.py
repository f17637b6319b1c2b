"""Word of how servers stand: what is worth a message, its words, and its way out."""
