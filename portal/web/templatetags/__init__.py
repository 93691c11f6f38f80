"""What templates of the pages may say beyond Django's own words."""
