"""Where the shop is: registers read into entries, addresses split into parts, adverts linked to buildings and units."""
