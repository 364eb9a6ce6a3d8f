using System.Runtime.CompilerServices;

// For DurableFile: the server's own small files are made and erased as the store's are.
[assembly: InternalsVisibleTo("Tandem.Server")]

// For the readers of single rows and lines, which the fuzz tests hold against second ones.
[assembly: InternalsVisibleTo("Tandem.Tests")]
