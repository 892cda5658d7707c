/* In the place of the application, where only the port is tested. */
int main(void)
{
    return 0;
}
