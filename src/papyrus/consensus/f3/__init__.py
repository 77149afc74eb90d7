"""Fast finality (FIP-0086): what its certificates must say, whoever signed them."""
