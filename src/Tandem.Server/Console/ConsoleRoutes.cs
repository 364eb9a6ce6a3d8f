using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Tandem.Server.Console;

/// <summary>The console: pages for people, on the API's listeners alone.</summary>
internal static class ConsoleRoutes
{
    /// <summary>Maps every page.</summary>
    public static void MapConsole(this IEndpointRouteBuilder routes)
    {
        ConsoleAsset.Map(routes);
        var pages = new PageRoutes(routes);
        pages.Open(ConsolePaths.Home, page => page.GoToAsync(ConsolePaths.Accounts));
        pages.Open(ConsolePaths.SignIn, SignInPage.ShowAsync);
    }

    /// <summary>Registers the console's parts.</summary>
    public static void AddConsole(this IServiceCollection services, TandemOptions options)
    {
        var isHttps = options.TlsCertificateFile is not null || options.PublicUrl is { Scheme: "https" };
        services.AddSingleton<IDataProtectionProvider>(s => new StoreProtection(s.GetRequiredService<DataKeys>().Session)); // before its users
        services.AddAntiforgery(forms =>
        {
            forms.FormFieldName = FormGuard.Field;
            forms.HeaderName = "X-Form-Token";
            forms.SuppressXFrameOptionsHeader = true; // the content security policy says it
            forms.Cookie.Name = isHttps ? "__Host-tandem-form" : "tandem-form";
            forms.Cookie.SecurePolicy = isHttps ? CookieSecurePolicy.Always : CookieSecurePolicy.SameAsRequest;
            forms.Cookie.SameSite = SameSiteMode.Strict;
            forms.Cookie.HttpOnly = true;
            forms.Cookie.Path = "/";
        });

        // Else whoever likes fills the log: each form without a token is a warning, and each page with one is another.
        services.Configure<LoggerFilterOptions>(logging => logging.AddFilter("Microsoft.AspNetCore.Antiforgery", LogLevel.Error));
    }
}
