-- Sums are added to again and again: with room in its page a row's new version needs no new entry in any index.
alter table ledger.usage_hourly set (fillfactor = 50);
alter table ledger.usage_daily set (fillfactor = 50);
