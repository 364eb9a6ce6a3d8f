using System.Security.Cryptography;
using System.Text;
using Tandem.Cli.Claims;

namespace Tandem.Bench;

/// <summary>
/// What people put in front of an API today, with the same 1,000 accounts: nginx with a password file, HAProxy with a user list, and nginx that asks
/// a server whose answer is fixed. All answer the same small static body.
/// </summary>
internal static class Proxies
{
    private const string Static = "nginx: a static file";
    private const string AskStatic = "nginx auth_request: to a fixed 204";
    private const string AskTandem = "nginx auth_request: to Tandem (native)";

    /// <summary>Starts them; <paramref name="tandem"/> is a running Tandem that knows the credentials.</summary>
    public static async Task<IReadOnlyList<(string Name, string Yardstick)>> StartAsync(string work, string credentials, Uri tandem, string script, List<Contestant> into)
    {
        var root = Path.Combine(work, "www");
        Directory.CreateDirectory(root);
        await File.WriteAllTextAsync(Path.Combine(root, "ok"), "ok\n");
        var users = (await File.ReadAllLinesAsync(credentials)).Select(l => Encoding.ASCII.GetString(Convert.FromBase64String(l["Basic ".Length..])).Split(':', 2)).ToList();
        var passwords = Path.Combine(work, "htpasswd");
        await File.WriteAllLinesAsync(passwords, users.Select(u => $"{u[0]}:{{SHA}}{Sha1(u[1])}"));

        into.Add(await NginxAsync(Static, work, script, ""));
        into.Add(await NginxAsync("nginx: password file, SHA-1", work, script, $"auth_basic x; auth_basic_user_file {passwords};"));
        into.Add(await NginxAsync(AskStatic, work, script, "auth_request /ask;", "location = /ask { internal; proxy_pass http://fixed; proxy_http_version 1.1; proxy_set_header Connection ''; proxy_pass_request_body off; }", LoopbackPort.Free()));
        into.Add(await NginxAsync(AskTandem, work, script, "auth_request /ask;", "location = /ask { internal; proxy_pass http://tandem/auth/nginx; proxy_http_version 1.1; proxy_set_header Connection ''; proxy_pass_request_body off; proxy_set_header Content-Length ''; }", LoopbackPort.Free(), tandem));
        into.Add(await HaproxyAsync(work, script, users));
        return [(AskTandem, AskStatic), (AskTandem, Static), (AskTandem, "nginx: password file, SHA-1")];
    }

    private static async Task<Contestant> NginxAsync(string name, string work, string script, string access, string ask = "", int fixedPort = 0, Uri? tandem = null)
    {
        var port = LoopbackPort.Free();
        var home = Path.Combine(work, $"nginx-{port}");
        Directory.CreateDirectory(home);
        var fixedServer = fixedPort == 0 ? "" : $"upstream fixed {{ server 127.0.0.1:{fixedPort}; keepalive 64; }} server {{ listen 127.0.0.1:{fixedPort}; keepalive_requests 1000000000; location / {{ return 204; }} }}";
        var upstream = tandem is null ? "" : $"upstream tandem {{ server {tandem.Authority}; keepalive 64; }}";
        var configuration = Path.Combine(home, "nginx.conf");
        await File.WriteAllTextAsync(configuration, $$"""
            {{(Environment.IsPrivilegedProcess ? "user root;" : "")}} # else its workers may not read the work directory
            daemon off; pid {{home}}/pid; error_log stderr crit; worker_processes 1;
            events { worker_connections 1024; }
            http {
              access_log off; keepalive_requests 1000000000;
              client_body_temp_path {{home}}/b; proxy_temp_path {{home}}/p; fastcgi_temp_path {{home}}/f; uwsgi_temp_path {{home}}/u; scgi_temp_path {{home}}/s;
              {{fixedServer}}
              {{upstream}}
              server {
                listen 127.0.0.1:{{port}};
                root {{Path.Combine(work, "www")}};
                location / { {{access}} try_files /ok =404; }
                {{ask}}
              }
            }
            """);
        return await Contestant.StartAsync(name, new Uri($"http://127.0.0.1:{port}/"), script, "nginx", "-p", home, "-c", configuration);
    }

    private static async Task<Contestant> HaproxyAsync(string work, string script, List<string[]> users)
    {
        var port = LoopbackPort.Free();
        var configuration = Path.Combine(work, "haproxy.cfg");
        await File.WriteAllTextAsync(configuration, $$"""
            global
              nbthread 1
            defaults
              mode http
              timeout client 30s
              timeout server 30s
              timeout connect 5s
            userlist accounts
            {{string.Join('\n', users.Select(u => $"  user {u[0]} insecure-password {u[1]}"))}}
            frontend api
              bind 127.0.0.1:{{port}}
              http-request auth unless { http_auth(accounts) }
              http-request return status 200 content-type text/plain string "ok"

            """);
        return await Contestant.StartAsync("HAProxy: user list, plain passwords", new Uri($"http://127.0.0.1:{port}/"), script, "haproxy", "-db", "-f", configuration);
    }

    private static string Sha1(string password)
    {
#pragma warning disable CA5350 // nginx's password files know nothing faster, and this one is thrown away.
        return Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(password)));
#pragma warning restore CA5350
    }
}
