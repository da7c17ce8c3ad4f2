"""What faces do over time: pictures of them presented to a camera, people before it, and the bound between both."""
