"""Pure words: records, text, money, postcodes, contacts. No network, no database; packaged data only."""
