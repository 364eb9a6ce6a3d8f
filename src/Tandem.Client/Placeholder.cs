namespace Tandem.Client;
