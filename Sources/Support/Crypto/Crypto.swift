// Crypto: laid with the house; its rooms follow.
