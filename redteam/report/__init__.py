"""Reports of campaigns: tables with exact intervals, the checks that allow them, and the pages that show them."""
