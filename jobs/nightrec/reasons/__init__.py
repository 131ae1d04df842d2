"""Why an item is listed: one true sentence a row, and what it rests on."""
