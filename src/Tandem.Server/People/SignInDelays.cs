namespace Tandem.Server.People;

/// <summary>
/// How long somebody who failed to sign in has to wait before the next attempt: longer each time, by the user's name and the client's network, and by
/// the client's address; never for good, and never because of somebody elsewhere. In memory alone: a restart forgets all failures.
/// </summary>
/// <remarks>
/// A network has five attempts at a name at once; then the wait doubles from a second up to a quarter of an hour, and from the hundredth failure
/// in a row (NIST's limit, SP 800-63B-4) it is a day. An address has twenty at once for all names, up to a quarter of an hour. A browser, a session
/// and a right password of the user count apart from strangers, each as a network does.
/// </remarks>
internal sealed class SignInDelays(TimeProvider time)
{
    /// <summary>Counts that are kept, of each kind.</summary>
    private const int Capacity = 10_000;

    private readonly Lock _lock = new();
    private readonly Counts _networks = new(Free: 5, Hard: 100, Forget: TimeSpan.FromDays(30));
    private readonly Counts _devices = new(Free: 5, Hard: 100, Forget: TimeSpan.FromDays(30));
    private readonly Counts _sources = new(Free: 20, Hard: int.MaxValue, Forget: TimeSpan.FromHours(1));

    /// <summary>How long to wait before an attempt; zero for not at all.</summary>
    public TimeSpan Wait(Attempt attempt)
    {
        lock (_lock)
        {
            var now = time.GetSteadyNow();
            return attempt.Device is { } device
                ? _devices.Wait(device, now)
                : TimeSpan.FromTicks(Math.Max(_networks.Wait(KeyOf(attempt), now).Ticks, _sources.Wait(attempt.Source, now).Ticks));
        }
    }

    /// <summary>Counts a failed attempt.</summary>
    public void Failed(Attempt attempt)
    {
        lock (_lock)
        {
            var now = time.GetSteadyNow();
            if (attempt.Device is { } device)
            {
                _devices.Add(device, now);
                return;
            }

            _networks.Add(KeyOf(attempt), now);
            _sources.Add(attempt.Source, now);
        }
    }

    /// <summary>Forgets the failures of a network at a name, or of a known browser; not those of the address, which may be at other names.</summary>
    public void Succeeded(Attempt attempt)
    {
        lock (_lock)
        {
            if (attempt.Device is { } device)
            {
                _devices.Remove(device);
                return;
            }

            _networks.Remove(KeyOf(attempt));
        }
    }

    /// <summary>Forgets what a name has failed: an administrator has given the user another way in.</summary>
    public void Forget(string name)
    {
        lock (_lock)
        {
            _networks.RemoveAll(KeyOf(name, ""));
            _devices.Remove(CodesOf(name));
        }
    }

    /// <summary>What wrong codes behind a right password of this user count for: strangers never come so far.</summary>
    public static string CodesOf(string name) => $"code {name}";

    private static string KeyOf(Attempt attempt) => KeyOf(attempt.Name, attempt.Network);

    private static string KeyOf(string name, string network) => $"{name}\n{network}";

    private sealed record Counts(int Free, int Hard, TimeSpan Forget)
    {
        private static readonly TimeSpan Longest = TimeSpan.FromMinutes(15);

        private readonly Dictionary<string, (int Failures, DateTimeOffset Last)> _counts = new(StringComparer.Ordinal);

        public TimeSpan Wait(string key, DateTimeOffset now)
        {
            if (!_counts.TryGetValue(key, out var count))
            {
                return TimeSpan.Zero;
            }

            var wait = count.Failures < Free ? TimeSpan.Zero
                : count.Failures >= Hard ? TimeSpan.FromDays(1)
                : TimeSpan.FromSeconds(Math.Min(Longest.TotalSeconds, Math.Pow(2, count.Failures - Free)));
            var left = count.Last + wait - now;
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }

        public void Add(string key, DateTimeOffset now)
        {
            var before = _counts.TryGetValue(key, out var count) && now - count.Last < Forget ? count.Failures : 0;
            if (_counts.Count >= Capacity && !_counts.ContainsKey(key))
            {
                MakeRoom(now);
            }

            _counts[key] = (before + 1, now);
        }

        public void Remove(string key) => _counts.Remove(key);

        public void RemoveAll(string start)
        {
            foreach (var key in _counts.Keys.Where(k => k.StartsWith(start, StringComparison.Ordinal)).ToList())
            {
                _counts.Remove(key);
            }
        }

        /// <summary>Lets those go that have run out; else the tenth that failed least, so that who guesses most is remembered longest.</summary>
        private void MakeRoom(DateTimeOffset now)
        {
            foreach (var (key, _) in _counts.Where(c => now - c.Value.Last >= Forget).ToList())
            {
                _counts.Remove(key);
            }

            foreach (var (key, _) in _counts.OrderBy(c => c.Value.Failures).ThenBy(c => c.Value.Last).Take(_counts.Count - (Capacity * 9 / 10)).ToList())
            {
                _counts.Remove(key);
            }
        }
    }
}
