using System.Globalization;
using Tandem.Bench;

// Measures the check against Kestrel answering 204 and nothing else, both just in time compiled and native, in interleaved slices of one run.
// Absolute figures belong to this machine and this minute; the ratios are what is meant.
//
//   tandem-bench ROUNDS SECONDS JIT-DIRECTORY NATIVE-DIRECTORY
var (rounds, seconds, jit, native) = (int.Parse(args[0], CultureInfo.InvariantCulture), double.Parse(args[1], CultureInfo.InvariantCulture), args[2], args[3]);
var work = Directory.CreateTempSubdirectory("tandem-bench-").FullName;
var contestants = new List<Contestant>();
try
{
    var field = await Field.StartAsync(work, jit, native, contestants);
    Console.WriteLine($"{rounds} interleaved rounds of {seconds} s slices; load average before: {File.ReadAllText("/proc/loadavg").Split(' ')[0]}");
    foreach (var contestant in contestants)
    {
        await Load.RunAsync(contestant, TimeSpan.FromSeconds(2)); // warm
    }

    for (var round = 0; round < rounds; round++)
    {
        foreach (var contestant in contestants)
        {
            contestant.Slices.Add(await Load.RunAsync(contestant, TimeSpan.FromSeconds(seconds)));
        }
    }

    Table.Print(contestants, field);
    var native1000 = contestants.Single(c => c.Name == "native: check, 1,000 accounts");
    await Rotations.RunAsync(native1000.Url, Path.Combine(work, "native-1000.txt"), work, TimeSpan.FromSeconds(5));
    var many = contestants.Single(c => c.Name == "JIT: check, 100,000 accounts");
    await ConsolePages.RunAsync("JIT, 100,000 accounts", many.Url, Path.Combine(work, "JIT-100000"), Path.Combine(work, "JIT-100000.txt"));
}
finally
{
    contestants.ForEach(c => c.Dispose());
    Directory.Delete(work, recursive: true);
}
