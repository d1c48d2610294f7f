-- psql: gives ledger_writer and ledger_reader the passwords that the environment names; run again, it renews them.
\getenv writer LEDGER_WRITER_PASSWORD
\getenv reader LEDGER_READER_PASSWORD
alter role ledger_writer password :'writer';
alter role ledger_reader password :'reader';
