using System.Runtime.CompilerServices;

// For DurableFile: the server's own small files are made and erased as the store's are.
[assembly: InternalsVisibleTo("Tandem.Server")]
