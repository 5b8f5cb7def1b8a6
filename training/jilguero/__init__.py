"""Recipe of Jilguero: a tiny Spanish encoder for masked words, styles and topics."""
