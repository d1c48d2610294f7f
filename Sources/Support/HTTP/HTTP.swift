// HTTP: laid with the house; its rooms follow.
