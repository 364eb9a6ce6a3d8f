using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;
using Tandem.Storage;

namespace Tandem.Server.People;

/// <summary>Who signs in to the console, and how: for the console's pages and for the administration socket.</summary>
internal static class PeopleParts
{
    /// <summary>Registers the parts.</summary>
    public static void AddPeople(this IServiceCollection services, SqliteAccountStore store)
    {
        services.AddSingleton<IUserStore>(store);
        services.AddSingleton<IDataProtectionProvider>(s => new StoreProtection(s.GetRequiredService<DataKeys>().Session)); // before its users
        services.AddSingleton(s => new Users(s.GetRequiredService<IAccountStore>(), s.GetRequiredService<TimeProvider>()));
        services.AddSingleton(s => new Sessions(s.GetRequiredService<IAccountStore>(), s.GetRequiredService<TimeProvider>()));
        services.AddSingleton<Passwords>();
        services.AddSingleton<SecondFactors>();
        services.AddSingleton<SignInDelays>();
        services.AddSingleton<Turns>();
        services.AddSingleton<FailedSignIns>();
        services.AddSingleton<SignIn>();
        services.AddSingleton<SetupLink>();
    }
}
