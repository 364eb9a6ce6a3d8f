using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Tandem.Server.Console;

/// <summary>
/// Maps pages. There is no way to map one without saying who may use it, and a POST always passes the same locks: the browser's own word on where it
/// comes from, a live session, the form token, the role, and for what cannot be undone a fresh proof of who is there.
/// </summary>
internal sealed class PageRoutes(IEndpointRouteBuilder routes)
{
    private readonly Browsers _browsers = routes.ServiceProvider.GetRequiredService<Browsers>();

    /// <summary>A page for anybody.</summary>
    public void Open(string path, Func<PageRequest, Task> show) => Get(path, null, show);

    /// <summary>A form that anybody may send.</summary>
    public void OpenForm(string path, Func<PageRequest, Task> act) => Post(path, null, fresh: false, act);

    /// <summary>A page for who has signed in, in this role or a higher one.</summary>
    public void Show(string path, UserRole role, Func<PageRequest, Task> show) => Get(path, role, show);

    /// <summary>A form for who has signed in, in this role or a higher one.</summary>
    public void Act(string path, UserRole role, Func<PageRequest, Task> act) => Post(path, role, fresh: false, act);

    /// <summary>
    /// The same for what cannot be undone or gives rights: who has not proved within ten minutes who they are is asked for the password first, and
    /// then the form goes on as it was sent.
    /// </summary>
    public void ActFresh(string path, UserRole role, Func<PageRequest, Task> act) => Post(path, role, fresh: true, act);

    private void Get(string path, UserRole? role, Func<PageRequest, Task> show) => Map(path, [HttpMethods.Get, HttpMethods.Head], async http =>
    {
        var page = new PageRequest(http);
        if (role is null || await AdmitAsync(page, role.Value))
        {
            await show(page);
        }
    });

    private void Post(string path, UserRole? role, bool fresh, Func<PageRequest, Task> act) => Map(path, [HttpMethods.Post], async http =>
    {
        var page = new PageRequest(http);
        if (_browsers.IsFromElsewhere(http.Request))
        {
            await page.FailAsync(StatusCodes.Status403Forbidden);
        }
        else if (role is not null && !page.IsSignedIn)
        {
            await SignInPage.SendThereAsync(page);
        }
        else if (!await HasTokenAsync(page))
        {
            await page.FailAsync(StatusCodes.Status400BadRequest);
        }
        else if ((role is null || await AdmitAsync(page, role.Value)) && (!fresh || await ProvePage.PassAsync(page)))
        {
            await act(page);
        }
    });

    private void Map(string path, string[] methods, RequestDelegate handler) => routes.MapMethods(path, methods, handler);

    private static async Task<bool> AdmitAsync(PageRequest page, UserRole role)
    {
        if (page.May(role))
        {
            return true;
        }

        await (page.IsSignedIn ? page.FailAsync(StatusCodes.Status403Forbidden) : SignInPage.SendThereAsync(page));
        return false;
    }

    private static async Task<bool> HasTokenAsync(PageRequest page)
    {
        try
        {
            return page.Http.Request.HasFormContentType
                && (await page.Http.Request.ReadFormAsync(page.Http.RequestAborted)).Files.Count == 0
                && FormToken.IsValid(page);
        }
        catch (InvalidDataException)
        {
            return false; // no form that can be read
        }
    }
}
