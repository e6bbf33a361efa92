"""The words of the project and its memory: database, archive of bytes, audit log. Imports no other room of ours."""
