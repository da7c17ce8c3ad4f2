"""What defenses that look at pixels share: their role, the part of the frame they see, and what they measure."""
