"""Recipe of Gorrión, the small Spanish language model embedded in Patio."""
