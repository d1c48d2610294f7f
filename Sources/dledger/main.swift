// dledger: the composition root.
