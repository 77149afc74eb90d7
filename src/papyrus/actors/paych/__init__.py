"""The payment channel actor."""
