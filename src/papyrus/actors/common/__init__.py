"""What several built-in actors are made of: typed collections, arithmetic, signatures, answers."""
