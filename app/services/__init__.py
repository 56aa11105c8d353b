"""Services (服务项目): one plan's offer of one concept in one domain to the people of one region."""
