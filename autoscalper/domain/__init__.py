"""The rules and words of trading. Pure: no sockets, files, clock, environment or asyncio."""
