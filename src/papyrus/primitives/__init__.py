"""The words of the protocol: addresses, amounts, epochs, bitfields, varints, exit codes, errors."""
